using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Integrity;

/// <summary>One damaged thing while a job still learns about it: everything that is found wrong with it, and whom and what it hits.</summary>
internal sealed class Fault(string name, string remedy, Tier tier = Tier.Local)
{
    /// <summary>Files that are listed; the count goes on.</summary>
    public const int MaxFiles = 1000;
    private const int MaxProblems = 4;

    private readonly List<string> _problems = [];
    private readonly HashSet<Id16> _pseudonyms = [];
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<string> _files = [];
    private int _moreProblems;
    private long _fileCount;
    private bool _isOther;

    /// <summary>The object's name.</summary>
    public string Object => name;

    /// <summary>All that is wrong with it, in words.</summary>
    public string Problem
    {
        get
        {
            lock (_problems)
            {
                return string.Join("; ", _problems) + (_moreProblems == 0 ? "" : $"; and {_moreProblems} more");
            }
        }
    }

    /// <summary>Whether all that is wrong with it is that it is not there.</summary>
    public bool IsMissing
    {
        get
        {
            lock (_problems)
            {
                return !_isOther;
            }
        }
    }

    /// <summary>Adds what is wrong; the same words count once.</summary>
    public void AddProblem(string problem, bool isMissing)
    {
        lock (_problems)
        {
            _isOther |= !isMissing;
            if (_problems.Contains(problem))
            {
                return;
            }
            if (_problems.Count < MaxProblems)
            {
                _problems.Add(problem);
            }
            else
            {
                _moreProblems++;
            }
        }
    }

    /// <summary>A subject that it hits.</summary>
    public void AddSubject(Id16 pseudonym)
    {
        lock (_problems)
        {
            _pseudonyms.Add(pseudonym);
        }
    }

    /// <summary>A subject that it hits, by name or tag.</summary>
    public void AddSubject(string subject)
    {
        lock (_problems)
        {
            _names.Add(subject);
        }
    }

    /// <summary>Files that it hits in one point: how many, and the first of them.</summary>
    public void AddFiles(long count, IEnumerable<string> first)
    {
        lock (_problems)
        {
            _fileCount += count;
            foreach (var file in first)
            {
                if (_files.Count == MaxFiles)
                {
                    break;
                }
                _files.Add(file);
            }
        }
    }

    /// <summary>The public record. A subject whose name is not known appears by its pseudonym.</summary>
    public IntegrityFault ToRecord(Func<Id16, string?> nameOf)
    {
        lock (_problems)
        {
            return new IntegrityFault
            {
                Object = name, Tier = tier, Remedy = remedy,
                Problem = Problem,
                Subjects = [.. _pseudonyms.Select(p => nameOf(p) ?? p.ToString()).Concat(_names).Distinct().Order(StringComparer.Ordinal)],
                Files = [.. _files], FileCount = _fileCount,
            };
        }
    }
}
