"""What would a Chinese city district look like that does not exist?

`make_sample` invents one, the same for the same seed: divisions, streets, buildings with households, municipal parts,
a year of events and grid workers. Every name, code and telephone number is fictional; the ground it lies on is open
country in reality.
"""

from __future__ import annotations

from data.sample.making import PLACE, Sample, make_sample, write_sample

__all__ = ["PLACE", "Sample", "make_sample", "write_sample"]
