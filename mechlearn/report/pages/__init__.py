"""Content → a page that needs nothing else: one look for all reports, on screens, in the dark and on paper."""
