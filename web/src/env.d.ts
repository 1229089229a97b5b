/// <reference types="vite/client" />
declare module 'element-plus/es/locale/lang/*.mjs' {
  import type { Language } from 'element-plus/es/locale/index.d.ts'
  const words: Language
  export default words
}
