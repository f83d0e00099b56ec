using System.Text.Json;

namespace StingBackup.Engine.Chroma;

/// <summary>An answer of the server, whole.</summary>
internal sealed class ChromaAnswer(Uri address, string request, int status, JsonDocument? json) : IDisposable
{
    private const int LongestSaid = 200;

    public int Status => status;

    /// <summary>True where the caller took the status for an answer, and there is nothing.</summary>
    public bool IsNull { get; init; }

    public JsonElement Root => json is null ? default : json.RootElement;

    /// <summary>The name of an error (<c>error</c> of chromadb/utils/fastapi.py), or null.</summary>
    public string? Error => Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String && error.GetString() is { Length: <= LongestSaid } name
        && name.All(char.IsAsciiLetterOrDigit) ? name : null;

    /// <summary>
    /// What the server says went wrong, as far as messages may repeat it: the error's name, and its text where it speaks of collections and numbers. That of an invalid argument may
    /// repeat a record.
    /// </summary>
    public string Says
    {
        get
        {
            if (Error is not ("InvalidDimension" or "InvalidCollection" or "NotFoundError" or "UniqueConstraintError" or "BatchSizeExceededError")
                || !Root.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.String)
            {
                return Error ?? "";
            }
            var said = string.Join(' ', message.GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return $"{Error}: {(said.Length > LongestSaid ? said[..LongestSaid] + "…" : said)}";
        }
    }

    /// <summary>The root, when it is what is expected.</summary>
    public JsonElement Require(string what, Func<JsonElement, bool> isRight) => json is not null && isRight(Root) ? Root : throw Unknown($"it is not {what}");

    /// <summary>A property of the root.</summary>
    public JsonElement Field(string name, JsonValueKind kind) =>
        Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : throw Unknown($"it has no {name}");

    public StingException Unknown(string what) => ChromaErrors.AnswerUnknown(address, request, what);

    public void Dispose() => json?.Dispose();
}
