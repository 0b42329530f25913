"""The perks marketplace: campaigns that brands post and people claim. Its room is kept free until its own work begins."""
