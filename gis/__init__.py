"""What does a grid service know of the world, apart from screens and doors?"""
