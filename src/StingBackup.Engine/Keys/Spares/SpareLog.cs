using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Keys;

/// <summary>What became of a pseudonym on this host. Stored: never renumber.</summary>
internal enum SpareFate : byte
{
    /// <summary>Set aside for a tag; whether the claim was made is not known yet.</summary>
    Reserved = 1,
    /// <summary>Claimed for a tag.</summary>
    Claimed = 2,
    /// <summary>Another host's claim for the tag was first; the spare is free again.</summary>
    Returned = 3,
    /// <summary>A claim that was found in the repository, whoever made it.</summary>
    Seen = 4,
}

/// <summary>One line of the log.</summary>
internal readonly record struct SpareEvent(Id16 Pseudonym, Id16 Tag, SpareFate Fate);

/// <summary>
/// This host's record of claims, <c>spares.log</c>: "SPARELOG", then slots of 48 bytes: pseudonym 16 ‖ tag 16 ‖ fate u8 ‖ seven zeros ‖ first 8 bytes of the SHA-256
/// of the 40 before. A line is durable before the step that it announces, so no crash lets a spare serve two subjects.
/// </summary>
internal sealed class SpareLog(IKeyFiles files, string path)
{
    private const int SlotSize = 48;
    private const int CheckedSize = 40;
    private const int StartSize = 8;

    private readonly Dictionary<Id16, SpareEvent> _byPseudonym = [];
    private readonly HashSet<Id16> _tags = [];
    private readonly Dictionary<Id16, Id16> _reserved = [];
    private long _length;

    private static ReadOnlySpan<byte> Start => "SPARELOG"u8;

    /// <summary>Path of the file.</summary>
    public string Path => path;

    /// <summary>Tags that are known to be claimed.</summary>
    public IReadOnlySet<Id16> ClaimedTags => _tags;

    /// <summary>Pseudonyms set aside, by the tag that they are set aside for.</summary>
    public IReadOnlyDictionary<Id16, Id16> Reserved => _reserved;

    /// <summary>Whether a spare may be taken: nothing was ever done with it, or it came back.</summary>
    public bool IsFree(Id16 pseudonym) => !_byPseudonym.TryGetValue(pseudonym, out var last) || last.Fate == SpareFate.Returned;

    /// <summary>Reads the file. False when there is none.</summary>
    /// <exception cref="StingException"><c>SparesDamaged</c>: a line cannot be read, so no spare can be proved unused.</exception>
    public bool Load()
    {
        if (files.Read(path) is not { } bytes)
        {
            return false;
        }
        if (!bytes.AsSpan().StartsWith(Start))
        {
            throw Damaged("it does not start as a log of spares");
        }
        _length = StartSize;
        for (var at = StartSize; at < bytes.Length; at += SlotSize)
        {
            var rest = bytes.AsSpan(at);
            if (rest.Length < SlotSize || rest.IndexOfAnyExcept((byte)0) < 0)
            {
                return true;   // the torn end of a line whose announced step was never taken
            }
            if (!TryReadSlot(rest[..SlotSize], out var line))
            {
                throw Damaged($"its line at byte {at} does not match its checksum");
            }
            Apply(line);
            _length = at + SlotSize;
        }
        return true;
    }

    /// <summary>Adds lines, durable on return.</summary>
    public void Append(IReadOnlyList<SpareEvent> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }
        var bytes = new byte[lines.Count * SlotSize];
        for (var i = 0; i < lines.Count; i++)
        {
            WriteSlot(bytes.AsSpan(i * SlotSize, SlotSize), lines[i]);
        }
        CreateIfMissing();
        files.Append(path, _length, bytes);
        _length += bytes.Length;
        foreach (var line in lines)
        {
            Apply(line);
        }
    }

    /// <summary>Starts the file where there is none; leaves a damaged one as it is.</summary>
    public void CreateIfMissing()
    {
        if (_length == 0 && files.Create(path, Start))
        {
            _length = StartSize;
        }
    }

    /// <summary>Starts the file anew, in the place of a damaged one.</summary>
    public void Create()
    {
        _byPseudonym.Clear();
        _tags.Clear();
        _reserved.Clear();
        files.Replace(path, Start);
        _length = StartSize;
    }

    /// <summary>The error for spares that can no longer be told apart.</summary>
    public static StingException Damaged(string path, string why, Exception? inner = null) => new(
        "SparesDamaged", FailureKind.Integrity, $"'{path}' is damaged: {why}. No spare of this host is used any more, since one might have been used already.", path,
        "Run Repair-StingRepository with the key file's passphrase: it mints new spares. An open key file does so by itself.", inner);

    private StingException Damaged(string why) => Damaged(path, why);

    private void Apply(SpareEvent line)
    {
        if (_reserved.Remove(line.Tag, out var earlier) && earlier != line.Pseudonym)
        {
            // The tag is another pseudonym's for good: claims never change, so the spare set aside for it can serve again.
            _byPseudonym[earlier] = new SpareEvent(earlier, line.Tag, SpareFate.Returned);
        }
        _byPseudonym[line.Pseudonym] = line;
        if (line.Fate == SpareFate.Reserved)
        {
            _reserved.Add(line.Tag, line.Pseudonym);
        }
        else if (line.Fate is SpareFate.Claimed or SpareFate.Seen)
        {
            _tags.Add(line.Tag);
        }
    }

    private static void WriteSlot(Span<byte> slot, SpareEvent line)
    {
        line.Pseudonym.CopyTo(slot);
        line.Tag.CopyTo(slot[16..]);
        slot[32] = (byte)line.Fate;
        Check(slot[..CheckedSize], slot[CheckedSize..]);
    }

    private static bool TryReadSlot(ReadOnlySpan<byte> slot, out SpareEvent line)
    {
        Span<byte> check = stackalloc byte[SlotSize - CheckedSize];
        Check(slot[..CheckedSize], check);
        line = new SpareEvent(new Id16(slot), new Id16(slot[16..]), (SpareFate)slot[32]);
        return check.SequenceEqual(slot[CheckedSize..]) && line.Fate is >= SpareFate.Reserved and <= SpareFate.Seen;
    }

    private static void Check(ReadOnlySpan<byte> content, Span<byte> check)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        hash[..check.Length].CopyTo(check);
    }
}
