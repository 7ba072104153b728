"""The models that are explored (shipped, own, moments of training runs), and the bar that names them."""
