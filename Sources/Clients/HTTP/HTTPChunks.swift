import AsyncHTTPClient
import Host
import Maintenance
import NIOCore

/// A body as it comes; no faster than it is read.
public struct HTTPChunks: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    let body: HTTPClientResponse.Body
    let exchange: Exchange
    /// What a transport's error means.
    let cause: @Sendable (any Error) async throws -> CouldNotLook

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: body.makeAsyncIterator(), exchange: exchange, cause: cause)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: HTTPClientResponse.Body.AsyncIterator
        let exchange: Exchange
        let cause: @Sendable (any Error) async throws -> CouldNotLook

        /// The next piece; `nil` only at the end of a whole body: one that breaks off throws `CouldNotLook`.
        @concurrent
        public mutating func next() async throws -> [UInt8]? {
            let piece: ByteBuffer?
            exchange.beginWaiting()
            defer { exchange.endWaiting() }
            do {
                piece = try await pieces.next()
                // A cancelled stream ends as if it were complete.
                try Task.checkCancellation()
            } catch {
                throw try await cause(error)
            }
            return piece.map { Array($0.readableBytesView) }
        }
    }
}
