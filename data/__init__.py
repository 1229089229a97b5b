"""Where do the sample district and the code tables come from?"""
