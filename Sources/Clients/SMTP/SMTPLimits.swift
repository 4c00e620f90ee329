/// The bounds of the SMTP client, each with what it protects.
public enum SMTPLimits {
    /// Bytes of a line of a reply; RFC 5321 allows 512.
    public static let replyLine = 4096
    /// Lines of a reply: a server's list of extensions.
    public static let replyLines = 200
    /// Characters of a reply that are said to people.
    public static let shownReply = 200
    /// Recipients of one message.
    public static let recipients = 50
    /// Seconds for a connection to be made, when the deadline gives more.
    public static let connectSeconds = 10
    /// Bytes of a file of authorities.
    public static let authorityFile = 4 << 20
    /// Characters of a mail address, as RFC 5321 bounds a path.
    public static let address = 254
    /// Characters of a subject.
    public static let subject = 250
    /// Bytes of a message's text, and of its HTML.
    public static let body = 1 << 20
}
