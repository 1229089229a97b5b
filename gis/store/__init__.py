"""How is a district kept: the only room that speaks SQL."""
