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
    public string? Error => Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty("error", out var error) && TextOf(error) is { Length: <= LongestSaid } name
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
                || !Root.TryGetProperty("message", out var message) || TextOf(message) is not { } text)
            {
                return Error ?? "";
            }
            var said = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return $"{Error}: {(said.Length > LongestSaid ? said[..LongestSaid] + "…" : said)}";
        }
    }

    /// <summary>The root, when it is what is expected.</summary>
    public JsonElement Require(string what, Func<JsonElement, bool> isRight) => json is not null && isRight(Root) ? Root : throw Unknown($"it is not {what}");

    /// <summary>A property of the root.</summary>
    public JsonElement Field(string name, JsonValueKind kind) =>
        Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : throw Unknown($"it has no {name}");

    /// <summary>Reads something of it. Text that is no Unicode, and numbers that are of another kind, are told as answers that are not understood.</summary>
    public T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Unknown("it holds text that is no Unicode, or a number that is none");
        }
    }

    private static string? TextOf(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;   // text that is no Unicode says nothing
        }
    }

    public StingException Unknown(string what) => ChromaErrors.AnswerUnknown(address, request, what);

    public void Dispose() => json?.Dispose();
}
