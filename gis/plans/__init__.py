"""What are the rules of a plan's life: its steps, its edits, its codes and its lineage? Pure: arrays in and out."""

from gis.plans.lifecycle import TRANSITIONS, Actor, Life, next_steps, read_name, require_draft, state_of, take

__all__ = ["TRANSITIONS", "Actor", "Life", "next_steps", "read_name", "require_draft", "state_of", "take"]
