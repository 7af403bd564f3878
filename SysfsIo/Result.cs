using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo;

/// <summary>What the kernel refused, on what, and why.</summary>
/// <param name="Errno">The error number, also one that has no name there (524).</param>
/// <param name="Path">The file, device or socket.</param>
/// <param name="Action">What was attempted, as a verb: <c>open</c>, <c>read</c>, <c>write</c>.</param>
public readonly record struct KernelError(Errno Errno, string Path, string Action)
{
    /// <summary>As people read it: <c>write /sys/block/md0/md/array_state: EBUSY (Device or resource busy)</c>.</summary>
    public override string ToString() =>
        $"{Action} {Path}: {Symbol} ({Marshal.GetPInvokeErrorMessage((int)Errno)})";

    /// <summary>What was asked is not there: ENOENT or ENODEV. Every other error says nothing about that.</summary>
    public bool MeansGone => Errno is Errno.ENOENT or Errno.ENODEV;

    /// <summary>Descriptors, threads or memory are short: it says nothing about what was asked, and is over some time.</summary>
    public bool MeansShortage => Errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM or Errno.EAGAIN;

    // One number may have two names: EAGAIN is what the manuals say.
    private string Symbol => Errno switch
    {
        Errno.EAGAIN => nameof(Errno.EAGAIN),
        _ => Enum.IsDefined(Errno) ? Errno.ToString() : $"errno {(int)Errno}",
    };

    internal static KernelError Last(string path, string action) => new(Native.LastError, path, action);
}

/// <summary>The value of what yields none.</summary>
public readonly record struct Nothing;

/// <summary>A value, or the kernel's refusal. The default is a success with the default value.</summary>
public readonly struct Result<T>
{
    private readonly T value;

    private Result(T value, KernelError error)
    {
        this.value = value;
        Error = error;
    }

    /// <summary>Whether there is a value.</summary>
    public bool Ok => Error.Errno == 0;

    /// <summary>The value. Throws <see cref="InvalidOperationException"/> when there is none: ask <see cref="Ok"/> first.</summary>
    public T Value => Ok ? value : throw new InvalidOperationException(Error.ToString());

    /// <summary>The refusal; its error number is 0 when there is none.</summary>
    public KernelError Error { get; }

    /// <summary>A success.</summary>
    public static implicit operator Result<T>(T value) => new(value, default);

    /// <summary>A refusal. Throws <see cref="ArgumentException"/> for the error number 0, which is no error.</summary>
    public static implicit operator Result<T>(KernelError error) =>
        error.Errno != 0 ? new(default!, error) : throw new ArgumentException("an error needs an error number", nameof(error));

    /// <summary>The value or the error as text.</summary>
    public override string ToString() => Ok ? value?.ToString() ?? "" : Error.ToString();
}
