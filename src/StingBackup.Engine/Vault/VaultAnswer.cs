using System.Globalization;
using System.Text.Json;

namespace StingBackup.Engine.Vault;

/// <summary>What a request says. The path is that of the API without <c>/v1/</c>, each component escaped.</summary>
internal sealed record VaultRequest(HttpMethod Method, string Path)
{
    /// <summary>JSON, UTF-8; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The capability that a policy must give, for messages.</summary>
    public string Capability { get; init; } = "read";

    /// <summary>True when what the server says may repeat a secret.</summary>
    public bool IsLogin { get; init; }

    /// <summary>For messages.</summary>
    public override string ToString() => $"{Method} {PolicyPath}";

    /// <summary>The path as a policy names it.</summary>
    public string PolicyPath => Uri.UnescapeDataString(Path.Split('?')[0]);
}

/// <summary>Status and whole body of an answer.</summary>
internal sealed class VaultAnswer(int status, ArraySegment<byte> body, TimeSpan? retryAfter)
{
    private const int LongestSaid = 300;

    public int Status => status;
    public ReadOnlyMemory<byte> Body => body;
    /// <summary>The bytes themselves, for the one who zeroes them.</summary>
    public Span<byte> Bytes => body;
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>True when the server says that it is sealed. The health endpoint says so in another form, which is an answer and no failure.</summary>
    public bool IsSealed => status == 503 && Said.Contains("sealed", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the server says went wrong: the strings of <c>errors</c>, on one line, cut short; empty when there are none.</summary>
    public string Said
    {
        get
        {
            try
            {
                using var json = JsonDocument.Parse(Body);
                if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array)
                {
                    return "";
                }
                var text = string.Join("; ", errors.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()));
                text = string.Join(' ', text.Split((char[])['\n', '\r', '\t', ' '], StringSplitOptions.RemoveEmptyEntries));
                return text.Length > LongestSaid ? text[..LongestSaid] + "…" : text;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return "";
            }
        }
    }

    /// <summary>The status as messages show it.</summary>
    public string Show() => Said is { Length: > 0 } said ? string.Create(CultureInfo.InvariantCulture, $"status {status}, {said}") : string.Create(CultureInfo.InvariantCulture, $"status {status}");
}
