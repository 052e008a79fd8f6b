"""The read models: do they agree with the log?"""
