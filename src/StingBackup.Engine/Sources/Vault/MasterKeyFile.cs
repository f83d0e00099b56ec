using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// A file that holds master keys of STING: an env file as STING writes it, of which only the lines <c>HONEY_RESERVE_MASTER_KEY=</c> count, or a file with a key on each line and nothing else.
/// A key is 32 bytes in base64, as STING itself wants it.
/// </summary>
internal static class MasterKeyFile
{
    public const int KeyLength = 32;
    /// <summary>No file of variables is longer; one that is was named by mistake.</summary>
    private const int MaximumLength = 1 << 20;
    private const string Remedy = "Name STING's env/app.env, or a file with one key of 32 bytes in base64 on each line, which the account that runs this may read, in vault.master_key_files.";

    private static ReadOnlySpan<byte> Variable => "HONEY_RESERVE_MASTER_KEY"u8;

    /// <summary>Its keys, in the order of the file.</summary>
    /// <exception cref="StingException"><c>MasterKeyUnreadable</c></exception>
    public static IReadOnlyList<SecretBytes> Read(string file)
    {
        byte[] bytes;
        try
        {
            using var stream = File.OpenRead(file);
            if (stream.Length > MaximumLength)
            {
                throw Unreadable(file, "it is too long for a file of keys");
            }
            bytes = GC.AllocateArray<byte>((int)stream.Length, pinned: true);
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(file, e.Message.TrimEnd('.'), e);
        }
        try
        {
            return Parse(bytes, file);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static List<SecretBytes> Parse(ReadOnlySpan<byte> text, string file)
    {
        var isEnvironment = text.Contains((byte)'=') && text.IndexOf(Variable) >= 0;
        var keys = new List<SecretBytes>();
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range].Trim(" \t\r\uFEFF"u8);
            var value = isEnvironment ? ValueOf(line) : line;
            if (value.IsEmpty || value[0] == '#')
            {
                continue;   // STING writes an empty value where encryption was never set up
            }
            keys.Add(Decode(value) ?? throw Failed(keys, Unreadable(file, FormattableString.Invariant($"line {number} holds no key of {KeyLength} bytes in base64"))));
        }
        return keys.Count > 0 ? keys : throw Unreadable(file, "it holds no master key");
    }

    /// <summary>What is assigned, without quotes; empty on other lines.</summary>
    private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> line)
    {
        line = line.StartsWith("export "u8) ? line["export "u8.Length..].TrimStart(" \t"u8) : line;
        if (!line.StartsWith(Variable))
        {
            return [];
        }
        line = line[Variable.Length..].TrimStart(" \t"u8);
        if (line.IsEmpty || line[0] != '=')
        {
            return [];
        }
        line = line[1..].Trim(" \t"u8);
        return line.Length >= 2 && line[0] == line[^1] && line[0] is (byte)'"' or (byte)'\'' ? line[1..^1].Trim(" \t"u8) : line;
    }

    private static SecretBytes? Decode(ReadOnlySpan<byte> text)
    {
        Span<byte> key = stackalloc byte[KeyLength + 1];
        try
        {
            return Base64.DecodeFromUtf8(text, key, out _, out var length) == OperationStatus.Done && length == KeyLength ? SecretBytes.CopyOf(key[..length]) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static StingException Failed(List<SecretBytes> keys, StingException error)
    {
        keys.ForEach(k => k.Dispose());
        return error;
    }

    private static StingException Unreadable(string file, string why, Exception? cause = null) => new("MasterKeyUnreadable", FailureKind.InvalidArgument,
        $"No master key of STING can be read from '{file}': {why}.", file, Remedy, cause);
}
