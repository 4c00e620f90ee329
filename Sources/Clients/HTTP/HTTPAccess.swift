import AsyncHTTPClient
import Host
import Maintenance
import NIOCore
import NIOHTTP1
import Synchronization

/// What one step may ask of an endpoint. Redirects are reported, not followed.
public struct HTTPAccess: Sendable {
    let connection: HTTPConnection
    let base: BaseURL
    let purpose: Purpose
    let context: Context

    public var identity: String { base.identity }

    /// What stands under the base URL at `path`; throws `CouldNotLook` where no whole answer came.
    public func get(
        _ path: String, limit: Int = HTTPLimits.body, oversize: Oversize = .refuse
    ) async throws -> HTTPAnswer {
        try await send(.GET, path, limit: limit, oversize: oversize)
    }

    func send(_ method: HTTPMethod, _ path: String, limit: Int, oversize: Oversize) async throws -> HTTPAnswer {
        guard purpose == .change || method == .GET || method == .HEAD else {
            throw CouldNotLook(.noPermission, "\(method.rawValue) may alter something, and a look must not.")
        }
        let target: (url: String, shown: String)
        do { target = try base.appending(path) } catch {
            throw CouldNotLook(.notSupported, "The path is wrong: \(error.message).")
        }
        let statement = "\(method.rawValue) \(target.shown)"
        let exchange = Exchange(
            request: request(method, target.url), connection: connection, context: context, limit: limit,
            oversize: oversize)
        do {
            let answer = try await exchange.run()
            note(statement, "HTTP \(answer.status)\n\n".utf8 + answer.body)
            return answer
        } catch {
            try Task.checkCancellation()
            let cause = await HTTPFailure(exchange: exchange, base: base, statement: statement).cause(of: error)
            note(statement, Array("no answer: \(cause.code.rawValue): \(cause.sentence)".utf8))
            throw CouldNotLook(cause)
        }
    }

    private func note(_ statement: String, _ answer: [UInt8]) {
        context.evidence.note(source: identity, statement: statement, answer: answer)
    }

    private func request(_ method: HTTPMethod, _ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "User-Agent", value: "millwright")
        request.headers.add(name: "Accept", value: "*/*")
        let kind = connection.kind
        for (name, value) in kind.headers { request.headers.replaceOrAdd(name: name, value: value) }
        for (name, value) in kind.secretHeaders { request.headers.replaceOrAdd(name: name, value: value.reveal()) }
        if let bearer = kind.bearer {
            request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(bearer.reveal())")
        }
        if let user = kind.user, let password = kind.password {
            request.setBasicAuth(username: user, password: password.reveal())
        }
        return request
    }
}
