/* The functions are written in Swift (Sources/DMIOC), each checked against its declaration by the compiler. */
#include "dm_io.h"
