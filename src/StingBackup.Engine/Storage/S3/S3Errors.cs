using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Storage.S3;

/// <summary>What a server says, or that it says nothing, in the words of a store: each names endpoint, bucket and key, and what to do. No request is repeated in them.</summary>
internal sealed class S3Errors(S3Options options, TimeProvider clock)
{
    private string Place => $"{options.Address} at {options.ShowEndpoint()}";

    /// <summary>Whether <see cref="Wrap"/> has words for an exception.</summary>
    public static bool IsKnown(Exception exception) =>
        exception is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException or TimeoutException or AuthenticationException or OperationCanceledException || IsAnswer(exception);

    /// <summary>What the library says of an answer that is not what it should be: it names some such failures itself, and lets others through as they come.</summary>
    private static bool IsAnswer(Exception exception) =>
        exception is System.Xml.XmlException or FormatException or OverflowException or InvalidOperationException or ArgumentException or NullReferenceException or IndexOutOfRangeException;

    /// <summary>Names a failure.</summary>
    /// <param name="cause">What the library threw.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="name">The object, or null.</param>
    public StingException Wrap(Exception cause, string action, string? name)
    {
        if (Within<StingException>(cause) is { } ours)
        {
            return ours;   // of the login: it has said what is wrong
        }
        if (Within<AuthenticationException>(cause) is { } tls)
        {
            return Make("StoreTlsFailed", FailureKind.Io, action, name, $"its certificate is not trusted, or TLS with it failed: {Text(tls)}",
                "Name the PEM file of the authority that signed the server's certificate (ca_file), and reach the server by a name that its certificate carries.", cause);
        }
        if (IsAnswer(cause))
        {
            return Broken(action, name, $"its answer is none of S3: {Text(cause)}", "Check the endpoint: something else may answer there. If it is the right one, look into its log.");
        }
        if (cause is AmazonServiceException { StatusCode: not 0 } answer)
        {
            return OfAnswer(answer, action, name);
        }
        return cause is AmazonClientException && Within<SocketException>(cause) is null && Within<HttpRequestException>(cause) is null && Within<IOException>(cause) is null
            ? LoginFailed(action, name, $"no credentials can be had by {options.Login.Description}: {Text(cause)}", "Give this host credentials for the bucket in the way that the setting 'credentials' names.", cause)
            : Unreachable(action, name, cause);
    }

    /// <summary>The answer is not what was asked for, though it says success.</summary>
    public StingException Unconfirmed(string action, string? name, string what) => new("StoreUnconfirmed", FailureKind.Integrity,
        $"Could not {action}{Of(name)} in {Place}: {what}. It does not count as stored.", name ?? Place,
        "Run the command again; what is stored already is used. If it comes back, something between this host and the bucket changes or loses bytes: reach the server directly, or use another.");

    /// <summary>A body or an answer ended too early.</summary>
    public StingException Truncated(string action, string? name, string what) => Make("StoreUnreachable", FailureKind.Io, action, name, what, "Run the command again; what is stored already is used.", null);

    /// <summary>The server breaks the rules that everything else is built on.</summary>
    public StingException Broken(string action, string? name, string what, string remedy) => Make("StoreFailed", FailureKind.Io, action, name, what, remedy, null);

    /// <summary>Nobody may write, since two could at once.</summary>
    public StingException NoConditionalWrites(string name) => Make("StoreWithoutConditionalWrites", FailureKind.NotSupported, "store the object", name,
        "the server ignores If-None-Match, so that two hosts could overwrite each other",
        "Use a server that honours it; or let one host alone write to this bucket, and name it on every host (only_writer).", null);

    /// <summary>An object is not thawed at this speed.</summary>
    public StingException ThawRefused(string name, RetrievalSpeed speed, AmazonServiceException answer) => Make("ThawRefused", FailureKind.NotSupported, "thaw the object", name,
        $"it answers {(int)answer.StatusCode} {answer.ErrorCode} ({Text(answer)})", $"Ask again at another speed than {speed}: DEEP_ARCHIVE knows no Expedited, and Expedited may be out of capacity.", answer);

    /// <summary>The bucket is not there.</summary>
    public StingException BucketMissing(string action, string? name, Exception? cause) => Make("StoreUnavailable", FailureKind.NotFound, action, name, $"there is no bucket '{options.Address.Bucket}'",
        "Correct its name or the endpoint, or make the bucket: this program makes none.", cause);

    private StingException OfAnswer(AmazonServiceException answer, string action, string? name)
    {
        var code = answer.ErrorCode is { Length: > 0 } given ? given : answer.StatusCode.ToString();
        var said = $"it answers {(int)answer.StatusCode} {code}{(string.IsNullOrWhiteSpace(answer.Message) || answer.Message == code ? "" : $" ({Text(answer)})")}";
        return code switch
        {
            "NoSuchBucket" => BucketMissing(action, name, answer),
            "NoSuchKey" when name is not null => new StingException("ObjectNotFound", FailureKind.NotFound, $"Object '{name}' is not in {Place}.", name, "Run Test-StingBackupIntegrity -Level Structure to see what misses it.", answer),
            "InvalidObjectState" => Make("PackArchived", FailureKind.NotSupported, action, name, "it lies in a storage class that must be thawed first", "Get-StingRestorePlan tells what that takes and costs; Request-StingArchiveRetrieval asks for it; then restore with -Wait.", answer),
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" or "InvalidSecurity" or "AuthorizationHeaderMalformed" or "RequestExpired" =>
                LoginFailed(action, name, said, $"Check the credentials that {options.Login.Description} gives, and the region ({options.Region}).", answer),
            "RequestTimeTooSkewed" => ClockWrong(action, name, answer),
            "QuotaExceeded" or "InsufficientStorage" or "StorageFull" => Make("StoreFull", FailureKind.ResourceExhausted, action, name, said, "Raise the quota or free room, then run the command again; what arrived is used.", answer),
            "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" =>
                Make("StoreUnavailable", FailureKind.InvalidConfiguration, action, name, said, $"The bucket stands in another region than {options.Region}, or at another endpoint: correct the setting.", answer),
            "BadDigest" or "InvalidDigest" or "XAmzContentSHA256Mismatch" or "XAmzContentChecksumMismatch" or "IncompleteBody" or "RequestTimeout" =>
                Make("StoreUnreachable", FailureKind.Io, action, name, $"{said}: the bytes did not arrive as they were sent", "Run the command again. If it comes back, something between this host and the bucket changes bytes.", answer),
            "ConditionalRequestConflict" or "OperationAborted" => Busy(action, name, said, answer),
            _ => answer.StatusCode switch
            {
                HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => Make("StoreAccessDenied", FailureKind.PermissionDenied, action, name, said,
                    $"Allow it in the policy of the user or of bucket '{options.Address.Bucket}': docs/operations.md lists what a host needs.", answer),
                HttpStatusCode.NotFound => Make("StoreUnavailable", FailureKind.NotFound, action, name, said, "Check the bucket's name and the endpoint.", answer),
                HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented => Busy(action, name, said, answer),
                _ => Make("StoreFailed", FailureKind.Io, action, name, said, "Look into the server's log; check that it speaks S3 with signatures of version 4.", answer),
            },
        };
    }

    /// <summary>Never corrected behind somebody's back: a host whose requests were let in would go on to date restore points and retention by the wrong clock.</summary>
    private StingException ClockWrong(string action, string? name, AmazonServiceException answer)
    {
        var own = clock.GetUtcNow();
        var apart = ServerTime(answer) is { } there ? $": it shows {Display.Time(there)} UTC, this host {Display.Time(own)}, {Display.Duration((own - there).Duration())} {(own > there ? "ahead" : "behind")}" : "";
        return Make("StoreClockWrong", FailureKind.Authentication, action, name, $"this host's clock is too far from the server's{apart}", "Set this host's clock (NTP), or the server's where that is wrong; then run the command again. What is stored already is used.", answer);
    }

    private static DateTimeOffset? ServerTime(AmazonServiceException answer) => answer.InnerException is Amazon.Runtime.Internal.HttpErrorResponseException { Response: { } response }
        && DateTimeOffset.TryParseExact(response.GetHeaderValue("Date"), "r", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private StingException Busy(string action, string? name, string said, Exception cause) =>
        Make("StoreBusy", FailureKind.Busy, action, name, said, "Run the command later; what is stored already is used. Lower bandwidth_limit or streams if it comes back.", cause);

    private StingException Unreachable(string action, string? name, Exception cause) => Make("StoreUnreachable", FailureKind.Io, action, name, $"it does not answer, or broke off: {Text((Exception?)Within<TimeoutException>(cause) ?? Innermost(cause))}",
        "Check the endpoint, that the server runs and that this host may reach its port; then run the command again. What is stored already is used.", cause);

    private StingException LoginFailed(string action, string? name, string what, string remedy, Exception cause) => Make("StoreLoginFailed", FailureKind.Authentication, action, name, what, remedy, cause);

    private StingException Make(string id, FailureKind kind, string action, string? name, string what, string remedy, Exception? cause) =>
        new(id, kind, $"Could not {action}{Of(name)} in {Place}: {what}.", name ?? Place, remedy, cause);

    private static string Of(string? name) => name is null ? "" : $" '{name}'";

    private static string Text(Exception cause) => Redaction.Text(cause.Message.Trim().TrimEnd('.').ReplaceLineEndings(" "));

    private static Exception Innermost(Exception cause)
    {
        while (cause.InnerException is { } inner)
        {
            cause = inner;
        }
        return cause;
    }

    private static T? Within<T>(Exception? cause) where T : Exception
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            if (cause is T found)
            {
                return found;
            }
        }
        return null;
    }
}
