namespace StingBackup.Engine.Guardian;

/// <summary>What is counted of a subject in a run. The order stands in the host's memory.</summary>
internal enum Figure
{
    /// <summary>Files that the run before had.</summary>
    Before,
    /// <summary>Files that there are now.</summary>
    Now,
    /// <summary>Files under the same path with other content.</summary>
    Changed,
    /// <summary>Files under new paths.</summary>
    Added,
    /// <summary>Files that are gone, and whose content did not come back elsewhere.</summary>
    Deleted,
    /// <summary>Files whose content is under another path now.</summary>
    Moved,
    /// <summary>Files that got another extension after their own.</summary>
    Appended,
    /// <summary>Files that could be read and became what a cipher makes, under their name or one made of it.</summary>
    Scrambled,
    /// <summary>Files that lost their format.</summary>
    Wrecked,
    /// <summary>New files that look enciphered, and come of none that was there.</summary>
    CipheredAdded,
    /// <summary>Changed files of the same length, and not at their beginning alone.</summary>
    SameLength,
    /// <summary>New files with a known extension.</summary>
    KnownExtensions,
    /// <summary>New files with the name of a note.</summary>
    Notes,
    /// <summary>Files that nobody should touch, and somebody did.</summary>
    Honeypots,
    /// <summary>Bytes of changed and new files.</summary>
    BytesTouched,
    /// <summary>Bytes that the repository did not have.</summary>
    BytesNew,
    /// <summary>What they were compressed to.</summary>
    BytesStored,
    /// <summary>Bytes of deleted files.</summary>
    BytesGone,
    /// <summary>Bytes of new archives.</summary>
    BytesPacked,
    /// <summary>Deleted files that could be read.</summary>
    OpenDeleted,
    /// <summary>New files that look enciphered, as many as files that could be read went from the same folder: written anew under names that say nothing.</summary>
    Replaced,
    /// <summary>New files that can be read and come of none that was there.</summary>
    OpenAdded,
    /// <summary>Bytes of new files that look enciphered and come of none that was there: what was put under a password, if much went.</summary>
    BytesSealed,
    /// <summary>Changed files of compressed formats, written anew with their length to the byte.</summary>
    RewrittenInPlace,
}

/// <summary>Counters of one subject in one run.</summary>
internal sealed class SubjectActivity
{
    public static readonly int Figures = Enum.GetValues<Figure>().Length;

    private readonly long[] _values = new long[Figures];

    public long this[Figure figure]
    {
        get => _values[(int)figure];
        set => _values[(int)figure] = value;
    }

    /// <summary>Whether anything happened at all.</summary>
    public bool IsIdle => this[Figure.Changed] + this[Figure.Added] + this[Figure.Deleted] + this[Figure.Moved] + this[Figure.Honeypots] == 0;

    /// <summary>The share of what was there before.</summary>
    public double ShareOf(Figure figure) => (double)this[figure] / Math.Max(1, this[Figure.Before]);

    /// <summary>What new content was compressed to, 0 to 1.</summary>
    public double StoredShare => Math.Min(1, (double)this[Figure.BytesStored] / Math.Max(1, this[Figure.BytesNew]));

    /// <summary>The share of touched bytes that the repository did not have.</summary>
    public double NewShare => Math.Min(1, (double)this[Figure.BytesNew] / Math.Max(1, this[Figure.BytesTouched]));

    /// <summary>Adds another one's.</summary>
    public void Add(SubjectActivity other)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] += other._values[i];
        }
    }

    public void Write(BinaryWriter writer)
    {
        foreach (var value in _values)
        {
            writer.Write7BitEncodedInt64(value);
        }
    }

    public static SubjectActivity Read(BinaryReader reader, int figures)
    {
        var activity = new SubjectActivity();
        for (var i = 0; i < figures; i++)
        {
            var value = reader.Read7BitEncodedInt64();
            if (i < Figures)
            {
                activity._values[i] = value;
            }
        }
        return activity;
    }
}
