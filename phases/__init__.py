"""The data of the lab: phases, their experiments, and what can be compared."""
