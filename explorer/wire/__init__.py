"""What crosses between Python and the page: views, requests, numbers and traces as answers."""
