"""A class in one room: who is there, who is the teacher, and what each may do with what belongs to others."""

from explorer.classroom.asked import class_functions
from explorer.classroom.register import Classroom, Quotas

__all__ = ["Classroom", "Quotas", "class_functions"]
