"""What the sampling of runs can tell, before anything is learnt; fewer rows where there are more than needed."""
