const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it',
  EDQUOT: 'the quota of this user is used up',
  EFBIG: 'a file in it would be too large',
  EISDIR: 'there is a folder where a file should be',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'there is a file where a folder should be',
  EPERM: 'this user has no right to it',
  EROFS: 'its file system is read-only',
}

/** Why a file or a folder cannot be used, in words for a person, without a full stop. */
export function fileTrouble(err: unknown): string {
  const { code = '', message } = err as NodeJS.ErrnoException
  return WORDS[code] ?? message.replace(/\.+$/, '')
}
