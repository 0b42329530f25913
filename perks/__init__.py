"""The perks marketplace: campaigns that brands post and people claim. The room is free until its own work begins."""
