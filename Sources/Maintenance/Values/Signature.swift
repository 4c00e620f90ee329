import Crypto
import FoundationEssentials

/// HMAC-SHA256 of a message (RFC 2104), in Base64: how webhooks are signed.
public func hmacSHA256Base64(key: [UInt8], _ message: [UInt8]) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key))
    return Data(code).base64EncodedString()
}
