/* The ABI of libgossip 1.4.2 as a program saw it that was compiled against that version. Written
 * down by hand, and never generated from this library: it is what the library is compared with. */
#ifndef LIBGOSSIP_API_H
#define LIBGOSSIP_API_H

#define LIBGOSSIP_API

#endif
