namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>A piece of content, or a page: written by one run, reached by the restore points from then until it was replaced.</summary>
internal sealed class Piece(int classIndex, bool isPage, double length, int born)
{
    /// <summary>What <see cref="LastRun"/> is where no point reaches it.</summary>
    public const int Unreached = -1;

    /// <summary>Which class.</summary>
    public int ClassIndex => classIndex;

    /// <summary>Whether it is a page.</summary>
    public bool IsPage => isPage;

    /// <summary>Whether it is a page of the subject table, which lies in the clear in a segment of its own.</summary>
    public bool IsTable { get; init; }

    /// <summary>Stored bytes.</summary>
    public double Length => length;

    /// <summary>The run that stored it.</summary>
    public int Born => born;

    /// <summary>The first run that did not find it any more.</summary>
    public int Died { get; set; } = int.MaxValue;

    /// <summary>Once it was replaced, the run of the newest standing point that reaches it.</summary>
    public int LastRun { get; set; } = Unreached;

    /// <summary>Whether the archive has it.</summary>
    public bool IsArchived { get; set; }

    /// <summary>Of a page, the newest pack that holds it.</summary>
    public PlayedPack? Pack { get; set; }
}

/// <summary>
/// A reserve as a number of pieces for each class, of which those drawn evenly are replaced as time passes. Of a large reserve a part is played, with pieces as long as they are, and counted so many times:
/// what packs waste depends on how many pieces they hold, not on how many packs there are.
/// </summary>
internal sealed class PlayedReserve
{
    /// <summary>Pieces that are played at most, about.</summary>
    internal const int MostPieces = 1500;

    private const int ItemsOnPage = 128, SubjectsOnPage = 128, SubjectRowLength = 64, RecordOverhead = 36, AverageChunk = 256 << 10;

    private readonly Random _random;
    private readonly Part[] _parts;

    public PlayedReserve(IReadOnlyList<ForecastClass> classes, double segmentLength, int seed)
    {
        SegmentLength = segmentLength;
        _random = new Random(seed);
        var scale = Math.Min(1, MostPieces / (double)Math.Max(1, classes.Sum(c => c.Items)));
        _parts = [.. classes.Select(c => new Part(c, scale))];
    }

    /// <summary>Bytes of a segment's header and its place.</summary>
    public double SegmentLength { get; }

    /// <summary>How often a played piece of a class stands in the reserve.</summary>
    public double ScaleOf(int classIndex) => _parts[classIndex].Scale;

    /// <summary>Chunks that a piece is cut into, about.</summary>
    public double ChunksOf(Piece piece) => piece.IsPage ? 1 : _parts[piece.ClassIndex].Chunks;

    /// <summary>Time passes.</summary>
    public void Step(TimeSpan time)
    {
        foreach (var part in _parts)
        {
            for (part.Due += part.Pieces.Length * part.Class.ChangedPerDay * time.TotalDays; part.Due >= 1; part.Due--)
            {
                part.Changed.Add(_random.Next(part.Pieces.Length));
            }
        }
    }

    /// <summary>A run takes a class: what it stores. Its point comes to stand after that.</summary>
    public void Take(int classIndex, int run, PlayedPoints points, List<Piece> stored)
    {
        void Replace(Piece?[] pieces, int index, Piece by)
        {
            if (pieces[index] is { } before)
            {
                points.Replace(before, run);
            }
            pieces[index] = by;
            stored.Add(by);
        }
        var part = _parts[classIndex];
        if (part.IsNew)
        {
            (part.IsNew, part.Changed) = (false, [.. Enumerable.Range(0, part.Pieces.Length)]);
        }
        foreach (var index in part.Changed)
        {
            Replace(part.Pieces, index, new Piece(classIndex, false, part.Length, run));
            part.Dirty.Add(index / part.OnPage);
        }
        foreach (var page in part.Dirty)
        {
            Replace(part.Pages, page, new Piece(classIndex, true, part.PageLength, run));
            part.DirtyTables.Add((int)((long)page * part.Tables.Length / part.Pages.Length));
        }
        foreach (var table in part.DirtyTables)
        {
            Replace(part.Tables, table, new Piece(classIndex, true, part.TableLength, run) { IsTable = true });
        }
        part.Changed.Clear();
        part.Dirty.Clear();
        part.DirtyTables.Clear();
    }

    private sealed class Part
    {
        public Part(ForecastClass of, double scale)
        {
            Class = of;
            var items = Math.Max(1, of.Items);
            var count = (int)Math.Min(items, Math.Max(Math.Min(items, 16), Math.Round(items * scale)));
            Scale = items / (double)count;
            Chunks = Math.Max(1, of.Length / (double)items / AverageChunk);
            Length = (of.Length * of.StoredShare / items) + (RecordOverhead * Chunks);
            // A subject has a page of its own, however few items it has.
            var subjects = Math.Max(1, of.Subjects / Scale);
            OnPage = (int)Math.Max(1, Math.Min(ItemsOnPage, count / subjects));
            Pieces = new Piece?[count];
            Pages = new Piece?[(count + OnPage - 1) / OnPage];
            Tables = new Piece?[Math.Max(1, (int)(subjects / SubjectsOnPage))];
            PageLength = (of.PageLength * count / Pages.Length) + RecordOverhead;   // the last is shorter
            TableLength = (Math.Min(SubjectsOnPage, subjects) * SubjectRowLength) + RecordOverhead;
        }

        public ForecastClass Class { get; }
        public double Scale { get; }
        public double Chunks { get; }
        public double Length { get; }
        public double PageLength { get; }
        public double TableLength { get; }
        public int OnPage { get; }
        public Piece?[] Pieces { get; }
        public Piece?[] Pages { get; }
        public Piece?[] Tables { get; }
        public bool IsNew { get; set; } = true;
        public double Due { get; set; }
        public HashSet<int> Changed { get; set; } = [];
        public HashSet<int> Dirty { get; } = [];
        public HashSet<int> DirtyTables { get; } = [];
    }
}
