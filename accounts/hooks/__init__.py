"""What networks tell us on their own: that somebody took their access back, or wants what we know of them deleted.

Each message is signed with our app's secret there; one that is not is answered with 403. A message that comes twice,
or late, does nothing more: what was linked after it was sent stays.
"""
