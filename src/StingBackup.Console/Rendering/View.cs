namespace StingBackup.Console.Rendering;

/// <summary>How objects of a type are shown.</summary>
/// <param name="TypeName">The type's full name.</param>
/// <param name="Fields">Columns of a table, or lines of a list.</param>
/// <param name="IsTable">A table, or a list.</param>
/// <param name="GroupBy">What rows of a table share that stand under one title; null where there are no groups.</param>
/// <param name="Wraps">Whether a table's last column goes on in further lines, or is cut.</param>
internal sealed record View(string TypeName, IReadOnlyList<ViewField> Fields, bool IsTable, ViewField? GroupBy = null, bool Wraps = false)
{
    /// <summary>Whether the object is shown as a screen of its own, which PowerShell draws by a script and this program by calling the same method.</summary>
    public bool IsScreen { get; init; }
}

/// <summary>One column or line.</summary>
/// <param name="Label">Its title.</param>
/// <param name="Width">Columns; 0 for as many as are left.</param>
/// <param name="Right">Aligned to the right.</param>
/// <param name="Property">The property it shows, or null.</param>
/// <param name="Script">The script that computes it from <c>$_</c>, or null.</param>
/// <param name="Condition">The script that says of <c>$_</c> whether a list has this line; null when it always has.</param>
internal sealed record ViewField(string Label, int Width, bool Right, string? Property, string? Script, string? Condition = null);
