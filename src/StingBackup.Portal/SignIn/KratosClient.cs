using System.Net;
using System.Text.Json;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal.SignIn;

/// <summary>What Kratos says of a browser's session.</summary>
internal enum KratosAnswer
{
    /// <summary>It is one, and whose.</summary>
    SignedIn,
    /// <summary>It is none.</summary>
    SignedOut,
    /// <summary>It lacks a second factor.</summary>
    SecondFactorNeeded,
    /// <summary>Kratos does not answer.</summary>
    Unknown,
}

/// <summary>A session of Kratos.</summary>
/// <param name="Answer">What it says.</param>
/// <param name="Session">The session's id; empty where there is none.</param>
/// <param name="Person">Whose it is; null where there is none.</param>
internal sealed record KratosSession(KratosAnswer Answer, string Session = "", SignedInPerson? Person = null);

/// <summary>Asks Ory Kratos whose session a browser has.</summary>
internal sealed class KratosClient(Uri address, HttpMessageHandler? handler = null) : IDisposable
{
    private const int MostBytes = 1 << 18;
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http = new(handler ?? new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MostBytes,
    };

    /// <summary>The cookies of Kratos among those that a browser sent; the portal's own never leave it. Null for none.</summary>
    public static string? CookiesOf(IRequestCookieCollection cookies)
    {
        ArgumentNullException.ThrowIfNull(cookies);
        var own = cookies.Where(c => c.Key.StartsWith("ory_", StringComparison.Ordinal) && c.Value.All(v => v is > ' ' and < '\x7f' and not (';' or ',' or '"' or '\\'))).Select(c => $"{c.Key}={c.Value}").ToList();
        return own.Count == 0 ? null : string.Join("; ", own);
    }

    /// <summary>Whose session it is.</summary>
    public async ValueTask<KratosSession> AskAsync(string cookies, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "sessions/whoami"));
            request.Headers.TryAddWithoutValidation("Cookie", cookies);
            request.Headers.Accept.ParseAdd("application/json");
            using var answer = await _http.SendAsync(request, cancel).ConfigureAwait(false);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => Read(await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false)),
                HttpStatusCode.Unauthorized => new KratosSession(KratosAnswer.SignedOut),
                HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity => new KratosSession(KratosAnswer.SecondFactorNeeded),
                _ => new KratosSession(KratosAnswer.Unknown),
            };
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new KratosSession(KratosAnswer.Unknown);
        }
    }

    private static KratosSession Read(byte[] json)
    {
        var session = JsonSerializer.Deserialize<Session>(json, Names);
        if (session is not { Active: true, Id: { Length: > 0 } id, Identity: { } identity, AuthenticatedAt: { } time } || !Guid.TryParse(identity.Id, out var uuid) || identity.State is not (null or "active"))
        {
            return new KratosSession(KratosAnswer.SignedOut);
        }
        // What somebody wrote of himself is no address of his before Kratos has sent a code there.
        var email = identity.VerifiableAddresses?.FirstOrDefault(a => a is { Via: "email", Verified: true, Status: null or "completed", Value.Length: > 0 })?.Value;
        return new KratosSession(KratosAnswer.SignedIn, id, new SignedInPerson(new AccessIdentity(IdentityKind.Kratos, uuid.ToString()), email, NameOf(identity) ?? email ?? uuid.ToString(), time));
    }

    private static string? NameOf(Identity identity)
    {
        if (identity.Traits is not { ValueKind: JsonValueKind.Object } traits || !traits.TryGetProperty("name", out var name))
        {
            return null;
        }
        var text = name.ValueKind switch
        {
            JsonValueKind.String => name.GetString()!,
            JsonValueKind.Object => string.Join(' ', name.EnumerateObject().Where(p => p.Name is "first" or "last" && p.Value.ValueKind == JsonValueKind.String).Select(p => p.Value.GetString())),
            _ => "",
        };
        return text.Trim() is { Length: > 0 and < 200 } good ? good : null;
    }

    public void Dispose() => _http.Dispose();

    private sealed record Session(string? Id, bool? Active, DateTimeOffset? AuthenticatedAt, Identity? Identity);

    private sealed record Identity(string? Id, string? State, JsonElement? Traits, IReadOnlyList<Address>? VerifiableAddresses);

    private sealed record Address(string? Value, bool? Verified, string? Via, string? Status);
}
