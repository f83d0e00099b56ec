using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Capture;

namespace StingBackup.Cmdlets.Commands;

/// <summary>How the capture of the write-ahead log stands.</summary>
[Cmdlet(VerbsCommon.Get, "StingMetadataCapture")]
[OutputType(typeof(CaptureStatus))]
public sealed class GetStingMetadataCaptureCommand : ConfiguredCmdlet
{
    private protected override void Execute() => WriteObject(Wait(MetadataCapture.ReadAsync(Examine().Require(), TimeProvider.System, Cancel)));
}
