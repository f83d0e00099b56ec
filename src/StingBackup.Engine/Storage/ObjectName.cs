using System.Buffers;
using System.Security.Cryptography;

namespace StingBackup.Engine.Storage;

/// <summary>The rule for names of objects, the same in every store.</summary>
public static class ObjectName
{
    /// <summary>Longest name in bytes (which are its characters: all are ASCII).</summary>
    public const int MaxLength = 255;

    private static readonly SearchValues<char> s_allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");
    private static readonly SearchValues<char> s_allowedInPrefix = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-/");

    /// <summary>Whether a name is 1 to 255 bytes of <c>[a-z0-9._-]</c> components separated by <c>/</c>, none empty, <c>.</c> or <c>..</c>.</summary>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return false;
        }
        foreach (var range in name.Split('/'))
        {
            if (!IsValidComponent(name[range]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether one component may stand in a name.</summary>
    public static bool IsValidComponent(ReadOnlySpan<char> component) =>
        component.Length > 0 && component is not "." and not ".." && !component.ContainsAnyExcept(s_allowed);

    /// <summary>Whether an object of this name is a pack.</summary>
    public static bool IsPack(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("data/", StringComparison.Ordinal) || name.StartsWith("meta/", StringComparison.Ordinal);
    }

    /// <summary>The SHA-256 of a pack's bytes, which its name holds; null when the name is none of a pack.</summary>
    public static byte[]? HashOfPack(string name)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        return IsPack(name) && name.Length - 1 - name.LastIndexOf('/') == 2 * hash.Length && Convert.FromHexString(name.AsSpan(name.Length - 2 * hash.Length), hash, out _, out _) == OperationStatus.Done ? hash : null;
    }

    /// <summary>Refuses a name that is not valid.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c></exception>
    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsValid(name))
        {
            throw NotAllowed(name, $"Names are 1 to {MaxLength} bytes: components of a-z, 0-9, '.', '_' and '-', separated by '/'; none is empty, '.' or '..'.");
        }
    }

    /// <summary>Refuses a listing's prefix that holds a character which no name holds.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c></exception>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.AsSpan().ContainsAnyExcept(s_allowedInPrefix))
        {
            throw NotAllowed(prefix, "A prefix is the start of a name: a-z, 0-9, '.', '_', '-' and '/'.");
        }
    }

    internal static StingException NotAllowed(string name, string remedy) =>
        new("NameNotAllowed", FailureKind.InvalidArgument, $"'{name}' is not a name that an object can have.", name, remedy);
}
