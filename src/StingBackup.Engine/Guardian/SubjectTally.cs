using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace StingBackup.Engine.Guardian;

/// <summary>A file as the guardian sees it.</summary>
/// <param name="path">Its path in the reserve, raw.</param>
/// <param name="facts">What its content is.</param>
/// <param name="length">Its length.</param>
internal readonly ref struct FileSight(ReadOnlySpan<byte> path, ContentFacts facts, long length)
{
    public ReadOnlySpan<byte> Path { get; } = path;
    public ContentFacts Facts { get; } = facts;
    public long Length { get; } = length;
    public ReadOnlySpan<byte> Name => Path[(Path.LastIndexOf((byte)'/') + 1)..];
}

/// <summary>
/// Counts what a run does to one subject. Files that are as they were cost a counter; of those that came or went 56 bytes are kept until the end, when what only moved is told from what is gone.
/// Called from the thread that scans and the one that builds trees.
/// </summary>
internal sealed class SubjectTally(DataClass dataClass, KnownNames names, IReadOnlySet<string> honeypots)
{
    public DataClass Class { get; } = dataClass;

    /// <summary>Texts that are longer are nobody's note.</summary>
    private const long LongestNote = 64 << 10;

    private readonly Lock _lock = new();
    private readonly SubjectActivity _activity = new();
    private readonly List<Trace> _added = [];
    private readonly List<Trace> _gone = [];
    private long _met;

    /// <summary>Files that were not read, since nothing about them changed.</summary>
    public void Keep(int files = 1)
    {
        lock (_lock)
        {
            _met += files;
            _activity[Figure.Now] += files;
        }
    }

    /// <summary>A file that was there before, and was read.</summary>
    public void Reread(FileSight file, ContentFacts before, long lengthBefore)
    {
        lock (_lock)
        {
            _met++;
            _activity[Figure.Now]++;
            if (!file.Facts.IsKnown || !before.IsKnown || (file.Facts.Mark == before.Mark && file.Length == lengthBefore))
            {
                return;
            }
            _activity[Figure.Changed]++;
            _activity[Figure.BytesTouched] += file.Length;
            var isSameLength = file.Length == lengthBefore;
            _activity[Figure.SameLength] += isSameLength && file.Facts.Middle != before.Middle ? 1 : 0;
            _activity[Figure.RewrittenInPlace] += file.Facts.IsRewrittenInPlace(before, isSameLength) ? 1 : 0;
            _activity[Figure.Scrambled] += file.Facts.IsScrambledFrom(before) ? 1 : 0;
            _activity[Figure.Wrecked] += file.Facts.IsWrecked(before, isSameLength) ? 1 : 0;
            CountHoneypot(file.Path);
        }
    }

    /// <summary>A file that was not there before.</summary>
    public void Add(FileSight file)
    {
        var isNote = file.Length is > 0 and <= LongestNote && MayBeNote(file.Name) && names.IsNote(file.Name);
        lock (_lock)
        {
            _activity[Figure.Now]++;
            _activity[Figure.Added]++;
            _activity[Figure.BytesTouched] += file.Length;
            _activity[Figure.BytesPacked] += file.Facts.IsArchive ? file.Length : 0;
            _activity[Figure.Notes] += isNote ? 1 : 0;
            _activity[Figure.KnownExtensions] += file.Facts.IsCiphered && names.HasExtension(file.Name) ? 1 : 0;
            _added.Add(new Trace(file));
        }
    }

    /// <summary>A file that was there before, and is not.</summary>
    public void Lose(FileSight file)
    {
        lock (_lock)
        {
            _gone.Add(new Trace(file));
            CountHoneypot(file.Path);
        }
    }

    /// <summary>What it comes to.</summary>
    /// <param name="bytesNew">Bytes of the subject that the repository did not have.</param>
    /// <param name="bytesStored">What they were compressed to.</param>
    public SubjectActivity Finish(long bytesNew, long bytesStored)
    {
        lock (_lock)
        {
            (_activity[Figure.BytesNew], _activity[Figure.BytesStored]) = (bytesNew, bytesStored);
            _activity[Figure.Before] = _met + _gone.Count;
            Match();
            var openByFolder = new Dictionary<ulong, int>();
            foreach (ref readonly var trace in CollectionsMarshal.AsSpan(_gone))
            {
                if (trace.IsMatched)
                {
                    continue;
                }
                _activity[Figure.Deleted]++;
                _activity[Figure.BytesGone] += trace.Length;
                if (!trace.IsCiphered)
                {
                    _activity[Figure.OpenDeleted]++;
                    CollectionsMarshal.GetValueRefOrAddDefault(openByFolder, trace.Folder, out _)++;
                }
            }
            foreach (ref readonly var trace in CollectionsMarshal.AsSpan(_added))
            {
                if (trace.IsMatched)
                {
                    continue;
                }
                _activity[trace.IsCiphered ? Figure.CipheredAdded : Figure.OpenAdded]++;
                if (trace.IsCiphered)
                {
                    _activity[Figure.BytesSealed] += trace.Length;
                    // In the folder where the other went: in its place. In another one it may have been put away.
                    ref var open = ref CollectionsMarshal.GetValueRefOrNullRef(openByFolder, trace.Folder);
                    if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref open) && open > 0)
                    {
                        open--;
                        _activity[Figure.Replaced]++;
                    }
                }
            }
            return _activity;
        }
    }

    /// <summary>Tells what only moved, and what stands now, enciphered, under a name that was made of the old one.</summary>
    private void Match()
    {
        var gone = CollectionsMarshal.AsSpan(_gone);
        var added = CollectionsMarshal.AsSpan(_added);
        if (gone.IsEmpty || added.IsEmpty)
        {
            return;
        }
        Dictionary<ulong, int> byPath = [], byStem = [];
        var byContent = new Dictionary<(uint, long), Queue<int>>();
        for (var i = 0; i < gone.Length; i++)
        {
            byPath[gone[i].Path] = i;
            byStem[gone[i].Stem] = i;
            if (gone[i].Length > 0 && gone[i].IsKnown)
            {
                (byContent.TryGetValue((gone[i].Mark, gone[i].Length), out var same) ? same : byContent[(gone[i].Mark, gone[i].Length)] = []).Enqueue(i);
            }
        }
        foreach (ref var trace in added)
        {
            var appendedTo = byPath.GetValueOrDefault(trace.Stem, -1);
            _activity[Figure.Appended] += appendedTo >= 0 ? 1 : 0;
            if (byContent.TryGetValue((trace.Mark, trace.Length), out var same) && same.TryDequeue(out var moved))
            {
                (gone[moved].IsMatched, trace.IsMatched) = (true, true);
                _activity[Figure.Moved]++;
                continue;
            }
            var origin = appendedTo >= 0 ? appendedTo : trace.IsCiphered ? byStem.GetValueOrDefault(trace.Stem, -1) : -1;
            if (origin < 0 || gone[origin].IsMatched)
            {
                continue;
            }
            var isScrambled = trace.Facts.IsScrambledFrom(gone[origin].Facts);
            // Under its own name and one more extension it is the same file: its beginning may have been left alone.
            if (isScrambled || (appendedTo >= 0 && trace.Facts.IsWrecked(gone[origin].Facts, trace.Length == gone[origin].Length)))
            {
                (gone[origin].IsMatched, trace.IsMatched) = (true, true);
                _activity[isScrambled ? Figure.Scrambled : Figure.Wrecked]++;
            }
        }
    }

    private void CountHoneypot(ReadOnlySpan<byte> path)
    {
        if (honeypots.Count > 0 && honeypots.Contains(System.Text.Encoding.UTF8.GetString(path)))
        {
            _activity[Figure.Honeypots]++;
        }
    }

    /// <summary>Notes are for people to read: a text or a page. Looking for names of other files would cost what bulk uploads cannot spare.</summary>
    private static bool MayBeNote(ReadOnlySpan<byte> name)
    {
        var dot = name.LastIndexOf((byte)'.');
        if (dot <= 0)
        {
            return true;
        }
        Span<byte> lower = stackalloc byte[5];
        return System.Text.Ascii.ToLower(name[dot..][..Math.Min(5, name.Length - dot)], lower, out var length) == System.Buffers.OperationStatus.Done
            && (lower[..length].SequenceEqual(".txt"u8) || lower[..length].SequenceEqual(".html"u8) || lower[..length].SequenceEqual(".htm"u8) || lower[..length].SequenceEqual(".hta"u8) || lower[..length].SequenceEqual(".rtf"u8));
    }

    /// <summary>What is kept of a file that came or went: hashes, no names.</summary>
    private struct Trace
    {
        public Trace(FileSight file)
        {
            Path = XxHash64.HashToUInt64(file.Path);
            Folder = XxHash64.HashToUInt64(file.Path[..^file.Name.Length]);
            var dot = file.Name.LastIndexOf((byte)'.');
            Stem = dot > 0 ? XxHash64.HashToUInt64(file.Path[..(file.Path.Length - file.Name.Length + dot)]) : Path;
            (Facts, Length) = (file.Facts, file.Length);
        }

        public ulong Path { get; }
        /// <summary>Of the path without the last extension.</summary>
        public ulong Stem { get; }
        public ulong Folder { get; }
        public ContentFacts Facts { get; }
        public long Length { get; }
        public readonly uint Mark => Facts.Mark;
        public readonly bool IsCiphered => Facts.IsCiphered;
        public readonly bool IsKnown => Facts.IsKnown;
        public bool IsMatched { get; set; }
    }
}
