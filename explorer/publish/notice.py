"""Whose the files of a publication are: what a folder or a saved page says of itself to those who pass it on."""

__all__ = ["notice"]

CONVSCOPE = """\
These pages and their networks are made with ConvScope.

MIT License

Copyright (c) 2026 The ConvScope authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

lib/erf.js holds coefficients and structure of s_erf.c of FreeBSD's libm: Copyright (C) 1993 by Sun Microsystems, Inc.
All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and
distribute this software is freely granted, provided that this notice is preserved.
"""

MNIST = """
mnist.png and mnist.json hold {count} of the 10,000 pictures of MNIST's test set with their labels, chosen at random, of
all digits alike: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", made from NIST's
Special Databases 1 and 3. It is commonly given as CC BY-SA 3.0 (https://creativecommons.org/licenses/by-sa/3.0/): name
its makers, and pass these two files on under the same licence.
"""


def notice(examples: int = 0) -> str:
    """Return the notice of a publication that holds so many of MNIST's test pictures."""
    return CONVSCOPE + (MNIST.format(count=f"{examples:,}") if examples else "")
