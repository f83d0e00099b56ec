using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Guardian;

/// <summary>
/// What a host remembers of all subjects, in <c>state/guardian/&lt;reserve&gt;.memory</c>, under a key of the host: counters under tags and pseudonyms, no names. Never authority: without it the next runs are judged by fixed
/// limits until they have a history. An erasure takes its subject out.
/// </summary>
/// <remarks>magic 8 · salt 32 · AES-256-GCM ciphertext · tag 16; key = HKDF-SHA256(host's cache key, salt, "sting1 guardian"), nonce zero: each file has a salt of its own.</remarks>
internal sealed class GuardMemory
{
    private const int SaltSize = 32, TagSize = 16, Version = 2;
    private static ReadOnlySpan<byte> Magic => "STINGGM1"u8;

    private readonly string _path;
    private readonly ReadOnlyMemory<byte> _key;
    private readonly Dictionary<Id16, SubjectMemory> _subjects = [];

    private GuardMemory(string path, ReadOnlyMemory<byte> key) => (_path, _key) = (path, key);

    /// <summary>Every subject that is remembered; the reserve as a whole under zeros.</summary>
    public IReadOnlyCollection<SubjectMemory> Subjects => _subjects.Values;

    /// <summary>Opens it; what cannot be read is told, and begun anew.</summary>
    public static GuardMemory Open(Installation installation, Action<string>? warn) => Open(PathOf(installation), installation.CacheKey, warn);

    /// <summary>The same, by its path and key.</summary>
    public static GuardMemory Open(string path, ReadOnlyMemory<byte> key, Action<string>? warn)
    {
        var memory = new GuardMemory(path, key);
        if (!File.Exists(path))
        {
            return memory;
        }
        try
        {
            memory.Decode(memory.Unseal(File.ReadAllBytes(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or InvalidDataException or FormatException)
        {
            memory._subjects.Clear();
            warn?.Invoke($"What earlier runs told of usual days cannot be read from '{path}' ({e.Message}); it is learned anew.");
        }
        return memory;
    }

    /// <summary>What is remembered of a subject; new where nothing is.</summary>
    public SubjectMemory Of(Id16 tag, Id16 pseudonym)
    {
        // A subject that got new keys has another pseudonym, and the same habits.
        if (!_subjects.TryGetValue(tag, out var memory))
        {
            _subjects.Add(tag, memory = new SubjectMemory(tag, pseudonym));
        }
        return memory;
    }

    /// <summary>Forgets subjects.</summary>
    public bool Forget(IEnumerable<Id16> tags)
    {
        var before = _subjects.Count;
        foreach (var tag in tags)
        {
            _subjects.Remove(tag);
        }
        return _subjects.Count < before;
    }

    /// <summary>Puts it in the place of the last.</summary>
    public void Save()
    {
        using var plain = new MemoryStream();
        using (var writer = new BinaryWriter(plain, System.Text.Encoding.UTF8, leaveOpen: true))
        {
            writer.Write((byte)Version);
            writer.Write((byte)SubjectActivity.Figures);
            writer.Write7BitEncodedInt(_subjects.Count);
            foreach (var memory in _subjects.Values)
            {
                memory.Write(writer);
            }
        }
        StateFile.CreateFolder(Path.GetDirectoryName(_path)!);
        var temporary = $"{_path}.new";
        File.WriteAllBytes(temporary, Seal(plain.GetBuffer().AsSpan(0, (int)plain.Length)));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        File.Move(temporary, _path, overwrite: true);
    }

    /// <summary>Takes subjects out of a host's memory.</summary>
    public static void Purge(Installation installation, IReadOnlyCollection<Id16> tags)
    {
        var memory = Open(installation, null);
        if (memory.Forget(tags))
        {
            memory.Save();
        }
        else if (File.Exists(PathOf(installation)) && memory.Subjects.Count == 0)
        {
            File.Delete(PathOf(installation));   // what cannot be read cannot be searched
        }
    }

    private static string PathOf(Installation installation) => Path.Combine(installation.StateFolder, "guardian", $"{installation.Reserve}.memory");

    private void Decode(byte[] plain)
    {
        using var reader = new BinaryReader(new MemoryStream(plain));
        if (reader.ReadByte() != Version)
        {
            throw new InvalidDataException("it is of another version");
        }
        int figures = reader.ReadByte();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var memory = SubjectMemory.Read(reader, figures);
            _subjects[memory.Tag] = memory;
        }
    }

    private byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[Magic.Length + SaltSize + plain.Length + TagSize];
        Magic.CopyTo(sealedBytes);
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(Magic.Length, SaltSize));
        using var cipher = CipherOf(sealedBytes.AsSpan(Magic.Length, SaltSize));
        cipher.Encrypt(stackalloc byte[12], plain, sealedBytes.AsSpan(Magic.Length + SaltSize, plain.Length), sealedBytes.AsSpan(sealedBytes.Length - TagSize));
        return sealedBytes;
    }

    private byte[] Unseal(ReadOnlySpan<byte> bytes)
    {
        var head = Magic.Length + SaltSize;
        if (bytes.Length < head + TagSize || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("it is no such file");
        }
        var plain = new byte[bytes.Length - head - TagSize];
        using var cipher = CipherOf(bytes.Slice(Magic.Length, SaltSize));
        cipher.Decrypt(stackalloc byte[12], bytes[head..^TagSize], bytes[^TagSize..], plain);
        return plain;
    }

    private AesGcm CipherOf(ReadOnlySpan<byte> salt)
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key.Span, key, salt, "sting1 guardian"u8);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
