using System.Globalization;
using System.Text.Json;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Vault;

/// <summary>Reads the JSON of answers, and writes paths as the API takes them.</summary>
internal static class VaultJson
{
    /// <summary>Deeper values than people write, and shallow enough for every reader's stack.</summary>
    public const int Depth = 512;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Depth };

    /// <summary>The whole answer.</summary>
    /// <exception cref="StingException"><c>VaultAnswerUnknown</c> when it is no JSON object.</exception>
    public static JsonDocument Parse(Uri address, VaultRequest request, VaultAnswer answer)
    {
        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(answer.Body, Options);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json;
            }
        }
        catch (JsonException e)
        {
            // The message of the parser repeats a character of the answer at most, which may be part of a secret.
            throw VaultErrors.AnswerUnknown(address, request.ToString(), FormattableString.Invariant($"it is no JSON from byte {e.BytePositionInLine ?? 0} of line {e.LineNumber ?? 0} on"));
        }
        json.Dispose();
        throw VaultErrors.AnswerUnknown(address, request.ToString(), "it is no JSON object");
    }

    /// <summary>A property, or an undefined element.</summary>
    public static JsonElement Property(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
        }
        catch (InvalidOperationException)
        {
            return default;   // the name of a member beside it is no Unicode
        }
    }

    /// <summary>A whole number, or 0.</summary>
    public static long Long(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : 0;

    /// <summary>True only where it says so.</summary>
    public static bool Flag(JsonElement element, string name) => Property(element, name).ValueKind == JsonValueKind.True;

    /// <summary>A text, or empty.</summary>
    public static string Text(JsonElement element, string name)
    {
        try
        {
            return Property(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        }
        catch (InvalidOperationException)
        {
            return "";   // text that is no Unicode says nothing
        }
    }

    /// <summary>A time as Go writes it (RFC 3339, up to nine digits of a second), nanoseconds since 1970 UTC; null for an empty one.</summary>
    public static long? Time(JsonElement element, string name)
    {
        var text = Text(element, name);
        // .NET keeps seven digits of a second and rounds: it reads the whole seconds, the rest is read here.
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var zone = dot < 0 ? -1 : text.AsSpan(dot + 1).IndexOfAnyExceptInRange('0', '9') + dot + 1;
        if (zone <= dot)
        {
            dot = -1;
        }
        var whole = dot < 0 ? text : string.Concat(text.AsSpan(0, dot), text.AsSpan(zone));
        if (!DateTimeOffset.TryParse(whole, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return null;
        }
        var nanoseconds = dot < 0 ? 0 : uint.Parse(text.AsSpan(dot + 1, zone - dot - 1).ToString().PadRight(9, '0').AsSpan(0, 9), NumberStyles.None, CultureInfo.InvariantCulture);
        return NanosecondTime.FromParts(time.ToUnixTimeSeconds(), nanoseconds);
    }

    /// <summary>Each component escaped for a URL, slashes kept.</summary>
    public static string EscapePath(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
