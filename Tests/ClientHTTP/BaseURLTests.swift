import Maintenance
import Testing

@testable import ClientHTTP

struct BaseURLTests {
    @Test(arguments: [
        ("https://api.example.com", "https://api.example.com:443"),
        ("HTTP://API.Example.com:8080/v1/", "http://api.example.com:8080/v1/"),
        ("http://[::1]:90/x", "http://[::1]:90/x"),
        ("https://a.example/v1?api_key=abc", "https://a.example:443/v1"),
    ])
    func identity(text: String, identity: String) throws {
        #expect(try BaseURL(text).identity == identity)
    }

    @Test(arguments: [
        "api.example.com", "ftp://a.example", "https://", "https:///path", "https://a.example:0/",
        "https://a.example:x",
        "https://a.example:99999", "https://u:hunter22@a.example/", "https://hunter22@a.example",
        "https://a b.example/",
        "https://a.example/a b", "https://a.example/../x", "https://a.example/#x", "https://ä.example/",
    ])
    func wrong(text: String) throws {
        let error = #expect(throws: ValueError.self) { try BaseURL(text) }
        #expect(error?.message.contains("hunter22") == false)
    }

    @Test(arguments: [
        ("http://h/v1", "health", "/v1/health", "/v1/health"),
        ("http://h/v1/", "/health", "/v1/health", "/v1/health"),
        ("http://h", "", "/", "/"),
        ("http://h/v1", "", "/v1", "/v1"),
        ("http://h/v1?key=s3cret", "m?window=5m", "/v1/m?key=s3cret&window=5m", "/v1/m?key=…&window=…"),
        ("http://h/v1", "//evil.example/x", "/v1//evil.example/x", "/v1//evil.example/x"),
        ("http://h/v1", "http://evil.example/", "/v1/http://evil.example/", "/v1/http://evil.example/"),
    ])
    func appending(base: String, path: String, url: String, shown: String) throws {
        let result = try BaseURL(base).appending(path)
        #expect(result.url == "http://h:80" + url)
        #expect(result.shown == shown)
    }

    @Test func pathsStayBelowTheBase() throws {
        let base = try BaseURL("http://h/v1")
        for path in ["../admin", "a/../../b", "a#b", "a\nb", "a b"] {
            #expect(throws: ValueError.self) { try base.appending(path) }
        }
    }
}
