"""Operations of more than a few lines; `service.py` has the table of all."""
