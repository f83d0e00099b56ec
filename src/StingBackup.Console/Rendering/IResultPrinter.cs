using System.Management.Automation;

namespace StingBackup.Console.Rendering;

/// <summary>Prints a command's output, object by object as it comes.</summary>
internal interface IResultPrinter
{
    /// <summary>Prints one. On the pipeline's thread.</summary>
    void Print(PSObject item);

    /// <summary>After the last.</summary>
    void Finish();
}
