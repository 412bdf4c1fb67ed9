"""What the sampling of runs shows, before anything is learnt; fewer rows where there are more than needed."""
