#include "dmio_ring.h"
