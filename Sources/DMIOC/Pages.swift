internal import CDMIO
internal import Glibc

// A page is its first byte: a list of pages needs no translation.

/// A page of 4,096 bytes; NULL when there is no memory.
@c @implementation
public func dm_io_page_alloc() -> OpaquePointer? {
  unsafe OpaquePointer(aligned_alloc(4096, 4096))
}

/// Gives a page back.
@c @implementation
public func dm_io_page_free(_ page: OpaquePointer!) {
  unsafe free(UnsafeMutableRawPointer(page))
}

/// The first byte of a page.
@c @implementation
public func dm_io_page_address(_ page: OpaquePointer!) -> UnsafeMutableRawPointer! {
  unsafe UnsafeMutableRawPointer(page)
}
