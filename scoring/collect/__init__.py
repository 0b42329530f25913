"""From records to the log: every row of it comes in here, through one staging (staging.py).

Tables come by bulk.py, data exports by archives.py, linked accounts' APIs by pulling.py.
"""
