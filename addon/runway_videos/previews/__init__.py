"""Pictures of finished videos: a thumbnail, a sprite sheet."""
