using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StingBackup.Engine.Tests.Tiering.Year;

/// <summary>A data class of a simulated reserve.</summary>
/// <param name="Class">The class.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Files">Files in it.</param>
/// <param name="FileLength">Bytes of each.</param>
/// <param name="Changed">Share of them that is written anew in a day.</param>
internal sealed record SimulatedClass(DataClass Class, string Folder, int Files, int FileLength, double Changed);

/// <summary>Files whose content follows from a seed, some of which get other content at each step; remembers what stood when.</summary>
internal sealed class SimulatedReserve
{
    private readonly string _root;
    private readonly Random _random;
    private readonly int _seed;
    private readonly SimulatedClass[] _classes;
    private readonly int[][] _versions;
    private readonly double[] _due;

    public SimulatedReserve(string root, int seed, params SimulatedClass[] classes)
    {
        (_root, _seed, _random, _classes) = (root, seed, new Random(seed), classes);
        _versions = [.. classes.Select(c => new int[c.Files])];
        _due = new double[classes.Length];
        for (var c = 0; c < classes.Length; c++)
        {
            Directory.CreateDirectory(Path.Combine(root, classes[c].Folder));
            for (var file = 0; file < classes[c].Files; file++)
            {
                Write(c, file);
            }
        }
    }

    public IReadOnlyList<SimulatedClass> Classes => _classes;

    /// <summary>Time passes: as many files as a day's share says, drawn evenly, get other content.</summary>
    public void Step(TimeSpan time)
    {
        for (var c = 0; c < _classes.Length; c++)
        {
            for (_due[c] += _classes[c].Files * _classes[c].Changed * time.TotalDays; _due[c] >= 1; _due[c]--)
            {
                var file = _random.Next(_classes[c].Files);
                _versions[c][file]++;
                Write(c, file);
            }
        }
    }

    /// <summary>What stands now, to be compared with later.</summary>
    public IReadOnlyDictionary<DataClass, int[]> Remember() => _classes.Index().ToDictionary(c => c.Item.Class, c => (int[])_versions[c.Index].Clone());

    /// <summary>How a restored folder differs from what a class was; null when it does not.</summary>
    public string? DifferenceOf(string restored, DataClass dataClass, int[] versions)
    {
        var c = Array.FindIndex(_classes, candidate => candidate.Class == dataClass);
        var folder = Path.Combine(restored, _classes[c].Folder);
        if (!Directory.Exists(folder) || Directory.GetFiles(folder).Length != versions.Length)
        {
            return $"{folder} has another number of files than {versions.Length}";
        }
        for (var file = 0; file < versions.Length; file++)
        {
            if (!File.ReadAllBytes(PathOf(restored, c, file)).AsSpan().SequenceEqual(Content(c, file, versions[file])))
            {
                return $"{PathOf(restored, c, file)} is not its version {versions[file]}";
            }
        }
        return null;
    }

    private void Write(int c, int file) => File.WriteAllBytes(PathOf(_root, c, file), Content(c, file, _versions[c][file]));

    private string PathOf(string root, int c, int file) => Path.Combine(root, _classes[c].Folder, FormattableString.Invariant($"file{file:d4}.bin"));

    /// <summary>Bytes that do not compress, and are the same whenever they are asked for.</summary>
    private byte[] Content(int c, int file, int version)
    {
        Span<byte> key = stackalloc byte[32];
        BinaryPrimitives.WriteInt32LittleEndian(key, _seed);
        BinaryPrimitives.WriteInt32LittleEndian(key[4..], c);
        BinaryPrimitives.WriteInt32LittleEndian(key[8..], file);
        BinaryPrimitives.WriteInt32LittleEndian(key[12..], version);
        var content = new byte[_classes[c].FileLength];
        using var aes = Aes.Create();
        aes.SetKey(key);
        aes.EncryptCbc(content.AsSpan(0, content.Length & ~15), key[..16], content, PaddingMode.None);
        return content;
    }
}
