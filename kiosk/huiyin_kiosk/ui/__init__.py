"""The screen: the only folder that knows Kivy. Screens draw a state and say what was touched; they decide nothing."""
