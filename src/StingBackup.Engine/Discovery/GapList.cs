namespace StingBackup.Engine.Discovery;

/// <summary>What a search did not find, in the order in which it was missed; nothing twice.</summary>
internal sealed class GapList
{
    private readonly List<StingGap> _gaps = [];

    /// <summary>All of it.</summary>
    public IReadOnlyList<StingGap> All => _gaps;

    /// <summary>Tells of something.</summary>
    public void Add(string what, string problem, string remedy)
    {
        var gap = new StingGap(what, problem, remedy);
        if (!_gaps.Contains(gap))
        {
            _gaps.Add(gap);
        }
    }
}
