"""One proxy under a steady load for a long time: does it stay as it was?"""
