/* A library must have a source file of its own; the code comes from elsewhere. */
typedef int libgossip_anchor;
