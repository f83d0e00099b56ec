using System.Management.Automation;

namespace StingBackup.Console.Rendering;

/// <summary>
/// Prints what there is and what needs somebody, and sums up in a line what does not: data classes that hold nothing yet, looks that found all well. --verbose and --json tell all of it.
/// </summary>
/// <param name="inner">Prints the rest.</param>
/// <param name="terminal">Where the line goes.</param>
internal sealed class FoldingPrinter(IResultPrinter inner, Terminal terminal) : IResultPrinter
{
    private readonly List<PSObject> _empty = [];
    private readonly HashSet<DataClass> _filled = [];
    private int _well, _told;

    /// <inheritdoc/>
    public void Print(PSObject item)
    {
        switch (item.BaseObject)
        {
            case RestorePoint { Items: 0, Errors: 0 } point when !_filled.Contains(point.DataClass):
                _empty.Add(item);
                break;
            case ConfigurationFinding { Severity: FindingSeverity.Information }:
                _well++;
                break;
            default:
                if (item.BaseObject is RestorePoint filled)
                {
                    _filled.Add(filled.DataClass);
                }
                _told++;
                inner.Print(item);
                break;
        }
    }

    /// <inheritdoc/>
    public void Finish()
    {
        if (_told == 0)
        {
            // Nothing but these: then they are what was asked for.
            _empty.ForEach(inner.Print);
        }
        else if (_empty.Select(p => ((RestorePoint)p.BaseObject).DataClass).Where(c => !_filled.Contains(c)).Distinct().Order().ToList() is { Count: > 0 } classes)
        {
            Sum($"Nothing in {string.Join(", ", classes)}.");
        }
        if (_well > 0)
        {
            Sum((_told, _well) switch
            {
                (0, _) => "All is well; --verbose tells what was looked at.",
                (_, 1) => "1 more finding asks for nothing; --verbose tells it.",
                _ => $"{_well} more findings ask for nothing; --verbose tells them.",
            });
        }
        inner.Finish();
    }

    private void Sum(string line)
    {
        if (_told > 0)
        {
            terminal.WriteLine("");
        }
        foreach (var part in terminal.Width is { } width ? TextLayout.Wrap(line, width) : [line])
        {
            terminal.WriteLine(part);
        }
    }
}
